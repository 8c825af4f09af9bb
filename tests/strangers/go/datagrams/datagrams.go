// Clients and proxies of masque-go.
package main

import (
	"strangers/program"

	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/quic-go/masque-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/yosida95/uritemplate/v3"
)

func main() {
	program.Main(map[string]func([]string) error{"client": client, "server": server})
}

type udpReport struct {
	Same   []int
	Status int
}

// Arguments: URI template, target, files of certificates, of its own certificate and its key, and
// sizes of datagrams to have sent back. Says which of them came back as they were.
func client(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), program.Patience)
	defer cancel()
	template, err := uritemplate.New(args[0])
	if err != nil {
		return err
	}
	config, err := program.ClientTLS(args[2], args[3:5]...)
	if err != nil {
		return err
	}
	stranger := masque.Client{TLSClientConfig: config}
	defer stranger.Close()
	tunnel, response, err := stranger.DialAddr(ctx, template, args[1])
	if response != nil && tunnel == nil {
		program.Say(udpReport{Same: []int{}, Status: response.StatusCode})
		return nil
	}
	if err != nil {
		return err
	}
	report := udpReport{Status: response.StatusCode}
	buffer := make([]byte, 2_000)
	for _, word := range args[5:] {
		size, _ := strconv.Atoi(word)
		data := bytes.Repeat([]byte{byte(size)}, size)
		if _, err := tunnel.WriteTo(data, nil); err != nil {
			return err
		}
		if err := tunnel.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		length, _, err := tunnel.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		if bytes.Equal(data, buffer[:length]) {
			report.Same = append(report.Same, size)
		}
	}
	program.Say(report)
	return tunnel.Close()
}

// Arguments: certificate, key. Says its port; its template is /masque?h={target_host}&p={target_port}.
func server(args []string) error {
	config, err := program.ServerTLS(args[0], args[1])
	if err != nil {
		return err
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	port := socket.LocalAddr().(*net.UDPAddr).Port
	place := url.URL{Scheme: "https", Host: fmt.Sprintf("localhost:%d", port), Path: "/masque"}
	template, err := uritemplate.New(place.String() + "?h={target_host}&p={target_port}")
	if err != nil {
		return err
	}
	proxy := masque.Proxy{}
	routes := http.NewServeMux()
	routes.HandleFunc("/masque", func(w http.ResponseWriter, r *http.Request) {
		request, err := masque.ParseRequest(r, template)
		if err != nil {
			var refusal *masque.RequestParseError
			status := http.StatusBadRequest
			if errors.As(err, &refusal) {
				status = refusal.HTTPStatus
			}
			w.WriteHeader(status)
			return
		}
		_ = proxy.Proxy(w, request)
	})
	host := http3.Server{TLSConfig: config, Handler: routes, EnableDatagrams: true}
	go func() {
		if err := host.Serve(socket); err != nil {
			program.Fail(err)
		}
	}()
	program.Say(program.Listening{Port: port})
	program.WaitForEnd()
	return nil
}
