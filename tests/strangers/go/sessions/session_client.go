// Clients and servers of webtransport-go.
package main

import (
	"strangers/program"

	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"
)

func main() {
	program.Main(map[string]func([]string) error{"client": client, "server": server})
}

type sessionReport struct {
	Opened         string
	Bidirectional  string
	Unidirectional string
	Datagram       []int
	Echoed         int
	Taken          int
	CloseCode      uint32
	CloseReason    string
	ResetCode      uint32
	Foreign        int
}

// Arguments: URL, file of certificates, streams, streams at once, "credit" for flow control.
func client(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), program.Patience)
	defer cancel()
	origin := args[0]
	config, err := program.ClientTLS(args[1])
	if err != nil {
		return err
	}
	streams, _ := strconv.Atoi(args[2])
	atOnce, _ := strconv.Atoi(args[3])
	transport := &webtransport.Transport{Config: creditOf(args[4])}
	place, err := url.Parse(origin)
	if err != nil {
		return err
	}
	// A session of Dial closes its connection before its end has been told.
	open := func(path string, fields http.Header) (*http.Response, *webtransport.Session, func(), error) {
		connection, err := quic.DialAddr(ctx, place.Host, config, &quic.Config{
			EnableDatagrams:                  true,
			EnableStreamResetPartialDelivery: true,
		})
		if err != nil {
			return nil, nil, nil, err
		}
		end := func() { _ = connection.CloseWithError(0x100, "") }
		dialer, err := transport.NewClientConn(connection)
		if err != nil {
			return nil, nil, nil, err
		}
		response, session, err := dialer.Dial(ctx, origin+path, fields)
		return response, session, end, err
	}
	report := sessionReport{}
	steps := []func() error{
		func() error { return echoes(ctx, open, &report, streams, atOnce) },
		func() error { return takes(ctx, open, &report, streams) },
		func() error { return isClosed(ctx, open, &report) },
		func() error { return isReset(open, &report) },
		func() error {
			fields := http.Header{"Origin": {"https://foreign.example"}}
			response, _, end, err := open("/foreign", fields)
			if err == nil {
				return errors.New("a foreign origin has a session")
			}
			end()
			report.Foreign = response.StatusCode
			return nil
		},
	}
	for number, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", number, err)
		}
	}
	program.Say(report)
	return nil
}

func creditOf(word string) *webtransport.Config {
	if word != "credit" {
		return nil
	}
	// Less than is sent, so that more must be given while it goes on.
	return &webtransport.Config{MaxIncomingStreams: 30, MaxIncomingUniStreams: 30, MaxIncomingData: 2_000}
}

type opener func(string, http.Header) (*http.Response, *webtransport.Session, func(), error)

func ask(ctx context.Context, session *webtransport.Session, text string) (string, error) {
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return "", err
	}
	if _, err := stream.Write([]byte(text)); err != nil {
		return "", err
	}
	if err := stream.Close(); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(stream)
	return string(answer), err
}

func echoes(ctx context.Context, open opener, report *sessionReport, streams, atOnce int) error {
	_, session, end, err := open("/echo", nil)
	if err != nil {
		return err
	}
	greeting, err := session.AcceptStream(ctx)
	if err != nil {
		return err
	}
	opened, err := io.ReadAll(greeting)
	if err != nil {
		return err
	}
	report.Opened = string(opened)
	if report.Bidirectional, err = ask(ctx, session, "question"); err != nil {
		return err
	}
	sent, err := session.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := sent.Write([]byte("one way")); err != nil {
		return err
	}
	if err := sent.Close(); err != nil {
		return err
	}
	received, err := session.AcceptUniStream(ctx)
	if err != nil {
		return err
	}
	way, err := io.ReadAll(received)
	if err != nil {
		return err
	}
	report.Unidirectional = string(way)
	if err := session.SendDatagram([]byte{1, 2, 3}); err != nil {
		return err
	}
	datagram, err := session.ReceiveDatagram(ctx)
	if err != nil {
		return err
	}
	for _, value := range datagram {
		report.Datagram = append(report.Datagram, int(value))
	}
	broken, err := session.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := broken.Write([]byte("a")); err != nil {
		return err
	}
	if _, err := io.ReadFull(broken, make([]byte, 1)); err != nil {
		return err
	}
	broken.CancelWrite(4_000_000_231)
	if err := echoMany(ctx, session, report, streams, atOnce); err != nil {
		return err
	}
	if err := session.CloseWithError(77, "tschüß"); err != nil {
		return err
	}
	// What it said has to get there before the connection goes.
	time.Sleep(200 * time.Millisecond)
	end()
	return nil
}

func echoMany(
	ctx context.Context,
	session *webtransport.Session,
	report *sessionReport,
	streams, atOnce int,
) error {
	numbers := make(chan int, streams)
	for number := range streams {
		numbers <- number
	}
	close(numbers)
	failures := make(chan error, atOnce)
	var counting sync.Mutex
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for number := range numbers {
				text := fmt.Sprintf("stream %d", number)
				answer, err := ask(ctx, session, text)
				if err != nil || answer != text {
					failures <- fmt.Errorf("%s got %q: %w", text, answer, err)
					return
				}
				counting.Lock()
				report.Echoed++
				counting.Unlock()
			}
		})
	}
	group.Wait()
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

func takes(ctx context.Context, open opener, report *sessionReport, streams int) error {
	_, session, end, err := open(fmt.Sprintf("/many?%d", streams), nil)
	if err != nil {
		return err
	}
	defer end()
	seen := map[string]bool{}
	for range streams {
		stream, err := session.AcceptUniStream(ctx)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(stream)
		if err != nil {
			return err
		}
		seen[string(text)] = true
	}
	report.Taken = len(seen)
	return session.CloseWithError(0, "")
}

func isClosed(ctx context.Context, open opener, report *sessionReport) error {
	_, session, end, err := open("/close", nil)
	if err != nil {
		return err
	}
	defer end()
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	if _, err := stream.Write([]byte("go on")); err != nil {
		return err
	}
	_, err = session.AcceptStream(ctx)
	var closed *webtransport.SessionError
	if !errors.As(err, &closed) || !closed.Remote {
		return fmt.Errorf("the session ends otherwise: %w", err)
	}
	report.CloseCode, report.CloseReason = uint32(closed.ErrorCode), closed.Message
	return nil
}

func isReset(open opener, report *sessionReport) error {
	_, session, end, err := open("/reset", nil)
	if err != nil {
		return err
	}
	defer end()
	stream, err := session.OpenStream()
	if err != nil {
		return err
	}
	if _, err := stream.Write([]byte("go on")); err != nil {
		return err
	}
	var first bytes.Buffer
	_, err = io.Copy(&first, stream)
	var reset *webtransport.StreamError
	if !errors.As(err, &reset) || !reset.Remote {
		return fmt.Errorf("the stream ends otherwise: %w", err)
	}
	report.ResetCode = uint32(reset.ErrorCode)
	return session.CloseWithError(0, "")
}
