package prometheus

import "github.com/headroom-go/headroom/adapters/internal/secret"

// Secret is a text that is not shown: however it is printed, logged or encoded, "[hidden]" stands in its place.
// string(s) is the text.
type Secret = secret.Text
