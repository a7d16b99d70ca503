package calendar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Loader gets what a calendar holds now.
type Loader interface {
	Load(ctx context.Context) (Content, error)
}

// Content is what a calendar holds.
type Content struct {
	Data     []byte
	Modified time.Time // when it was changed last; zero where that is not known
}

// File is the calendar in the file at path.
func File(path string) Loader { return fileLoader(path) }

type fileLoader string

func (f fileLoader) Load(context.Context) (Content, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return Content{}, err
	}
	return loadFile(file)
}

// FS is the calendar in a file of fsys.
func FS(fsys fs.FS, name string) Loader { return fsLoader{fsys, name} }

type fsLoader struct {
	fsys fs.FS
	name string
}

func (f fsLoader) Load(context.Context) (Content, error) {
	file, err := f.fsys.Open(f.name)
	if err != nil {
		return Content{}, err
	}
	return loadFile(file)
}

func loadFile(file fs.File) (Content, error) {
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil {
		return Content{}, err
	}
	if info.IsDir() {
		return Content{}, fmt.Errorf("%s is a directory; wanted a file", info.Name())
	}
	data, err := readAll(file)
	return Content{Data: data, Modified: info.ModTime()}, err
}

// From is the calendar that open opens, each time anew.
func From(open func(ctx context.Context) (io.ReadCloser, error)) Loader { return openLoader(open) }

type openLoader func(ctx context.Context) (io.ReadCloser, error)

func (open openLoader) Load(ctx context.Context) (Content, error) {
	r, err := open(ctx)
	if err != nil {
		return Content{}, err
	}
	data, err := readAll(r)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return Content{Data: data}, err
}

// HTTP is the calendar that answers a request, which is made for each Load. do sends it: the Do of an http.Client with a
// Timeout, for example. Anything but 200 is an error, and no error has the address of a calendar in it beyond its host,
// because those who give a calendar away put a secret there.
func HTTP(do func(*http.Request) (*http.Response, error), request func(ctx context.Context) (*http.Request, error)) Loader {
	return httpLoader{do, request}
}

type httpLoader struct {
	do      func(*http.Request) (*http.Response, error)
	request func(ctx context.Context) (*http.Request, error)
}

func (h httpLoader) Load(ctx context.Context) (Content, error) {
	req, err := h.request(ctx)
	if err != nil {
		return Content{}, fmt.Errorf("the request for the calendar: %w", withoutAddress(err))
	}
	answer, err := h.do(req)
	if err != nil {
		return Content{}, fmt.Errorf("%s: %w", req.URL.Host, withoutAddress(err))
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	if answer.StatusCode != http.StatusOK {
		return Content{}, fmt.Errorf("%s: status %d; wanted 200", req.URL.Host, answer.StatusCode)
	}
	c := Content{}
	if c.Data, err = readAll(answer.Body); err != nil {
		return Content{}, fmt.Errorf("%s: %w", req.URL.Host, withoutAddress(err))
	}
	if t, err := http.ParseTime(answer.Header.Get("Last-Modified")); err == nil {
		c.Modified = t
	}
	return c, nil
}

// withoutAddress is err without the URL that net/http puts around it.
func withoutAddress(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// readAll reads what a calendar may have.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err == nil && len(data) > mostBytes {
		return nil, fmt.Errorf("more than %d bytes; wanted a calendar of at most that", mostBytes)
	}
	return data, err
}
