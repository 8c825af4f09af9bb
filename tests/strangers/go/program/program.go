// Package program has what programs of other implementations share: roles, lines of JSON, TLS.
package program

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// What TLS calls HTTP/3 (RFC 9114, Section 3.1).
const http3 = "h3"

// Patience is how long a client may take.
const Patience = 40 * time.Second

// Listening tells the port of a server.
type Listening struct{ Port int }

// Main runs the role that the command line names.
func Main(roles map[string]func(args []string) error) {
	role, isKnown := roles[os.Args[1]]
	if !isKnown {
		Fail(fmt.Errorf("%s is no role", os.Args[1]))
	}
	if err := role(os.Args[2:]); err != nil {
		Fail(err)
	}
}

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// Say prints a line.
func Say(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		Fail(err)
	}
	fmt.Println(string(line))
}

// WaitForEnd waits for the end of the input: servers end with it, so that they never outlive a test.
func WaitForEnd() {
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// ClientTLS trusts the certificates of a file, and shows the client's own if there is one.
func ClientTLS(caFile string, own ...string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", caFile)
	}
	config := &tls.Config{RootCAs: roots, NextProtos: []string{http3}}
	if len(own) == 2 {
		certificate, err := tls.LoadX509KeyPair(own[0], own[1])
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return config, nil
}

// ServerTLS is for a server of HTTP/3.
func ServerTLS(certFile, keyFile string) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{http3},
	}, nil
}
