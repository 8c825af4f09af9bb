package main

import (
	"strangers/program"

	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

type sessionEnd struct {
	Path   string
	Code   uint32
	Reason string
	Remote bool
}

type streamEnd struct{ StreamCode uint32 }

// Arguments: certificate, key, "credit" for flow control. Says its port, and then how sessions and
// streams that their clients break have ended.
func server(args []string) error {
	config, err := program.ServerTLS(args[0], args[1])
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	host := &webtransport.Server{
		H3:     &http3.Server{TLSConfig: config, Handler: routes},
		Config: creditOf(args[2]),
	}
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		session, err := host.Upgrade(w, r)
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		go serveSession(session, r)
	})
	go func() {
		if err := host.Serve(socket); err != nil && !errors.Is(err, net.ErrClosed) {
			program.Fail(err)
		}
	}()
	program.Say(program.Listening{Port: socket.LocalAddr().(*net.UDPAddr).Port})
	program.WaitForEnd()
	return nil
}

func serveSession(session *webtransport.Session, r *http.Request) {
	ctx := context.Background()
	switch r.URL.Path {
	case "/close":
		if _, err := session.AcceptStream(ctx); err == nil {
			_ = session.CloseWithError(4_000_000_000, "Schluß")
		}
		return
	case "/many":
		count, _ := strconv.Atoi(r.URL.RawQuery)
		for number := range count {
			stream, err := session.OpenUniStreamSync(ctx)
			if err != nil {
				return
			}
			_, _ = stream.Write([]byte(strconv.Itoa(number)))
			_ = stream.Close()
		}
		return
	case "/reset":
		if stream, err := session.AcceptStream(ctx); err == nil {
			_, _ = stream.Write([]byte{1})
			stream.CancelWrite(0xffff_fffe)
		}
		return
	}
	go func() {
		for {
			datagram, err := session.ReceiveDatagram(ctx)
			if err != nil || session.SendDatagram(datagram) != nil {
				return
			}
		}
	}()
	go func() {
		for {
			stream, err := session.AcceptUniStream(ctx)
			if err != nil {
				return
			}
			go sendBack(ctx, session, stream)
		}
	}()
	if greeting, err := session.OpenStreamSync(ctx); err == nil {
		_, _ = greeting.Write([]byte("welcome"))
		_ = greeting.Close()
	}
	for {
		stream, err := session.AcceptStream(ctx)
		if err != nil {
			var end *webtransport.SessionError
			if errors.As(err, &end) {
				program.Say(sessionEnd{r.URL.Path, uint32(end.ErrorCode), end.Message, end.Remote})
			}
			return
		}
		go func() {
			_, err := io.Copy(stream, stream)
			var broken *webtransport.StreamError
			if errors.As(err, &broken) {
				program.Say(streamEnd{uint32(broken.ErrorCode)})
			}
			_ = stream.Close()
		}()
	}
}

func sendBack(ctx context.Context, session *webtransport.Session, from *webtransport.ReceiveStream) {
	to, err := session.OpenUniStreamSync(ctx)
	if err != nil {
		return
	}
	_, _ = io.Copy(to, from)
	_ = to.Close()
}
