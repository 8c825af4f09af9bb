// Impostor shows a certificate over TCP, and signs with whatever key it is given.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"strangers/program"
)

// Answer is what a client was told; the status is empty if there was none.
type Answer struct{ Status string }

func main() {
	program.Main(map[string]func(args []string) error{"serve": serve, "visit": visit})
}

// identity reads FOLDER SHOWN SIGNER VERSION: whose certificate is shown, and whose key signs.
func identity(args []string) (shown tls.Certificate, version uint16, err error) {
	folder := args[0]
	shown, err = tls.LoadX509KeyPair(folder+"/"+args[1]+".pem", folder+"/"+args[1]+".key")
	if err != nil {
		return
	}
	signer, err := tls.LoadX509KeyPair(folder+"/"+args[2]+".pem", folder+"/"+args[2]+".key")
	if err != nil {
		return
	}
	shown.PrivateKey = signer.PrivateKey
	number, err := strconv.ParseUint(args[3], 16, 16)
	return shown, uint16(number), err
}

func serve(args []string) error {
	shown, version, err := identity(args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	program.Say(program.Listening{Port: listener.Addr().(*net.TCPAddr).Port})
	config := &tls.Config{Certificates: []tls.Certificate{shown}, MaxVersion: version}
	server := &http.Server{TLSConfig: config, Handler: http.HandlerFunc(answer)}
	go server.ServeTLS(listener, "", "")
	program.WaitForEnd()
	return nil
}

func answer(writer http.ResponseWriter, _ *http.Request) { fmt.Fprint(writer, "believed") }

// visit takes the port of a server as well.
func visit(args []string) error {
	shown, version, err := identity(args)
	if err != nil {
		return err
	}
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown, nil }
	config := &tls.Config{
		InsecureSkipVerify:   true,
		MaxVersion:           version,
		GetClientCertificate: show,
	}
	program.Say(Answer{Status: ask("127.0.0.1:"+args[4], config)})
	return nil
}

func ask(address string, config *tls.Config) string {
	connection, err := tls.Dial("tcp", address, config)
	if err != nil {
		return ""
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return ""
	}
	return response.Status
}
