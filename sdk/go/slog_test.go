//go:build go1.21

package client

import (
	"io"
	"log/slog"
)

func init() {
	logged = func(out io.Writer, value any) {
		slog.New(slog.NewTextHandler(out, nil)).Info("x", "value", value)
	}
}
