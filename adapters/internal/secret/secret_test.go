package secret_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/headroom-go/headroom/adapters/internal/secret"
)

func TestTextIsNotPrinted(t *testing.T) {
	s := secret.Text("correct horse")
	for verb, want := range map[string]string{
		"%v": "[hidden]", "%+v": "[hidden]", "%s": "[hidden]", "%d": "[hidden]", "%x": "[hidden]", "%t": "[hidden]", "%q": `"[hidden]"`, "%#v": `"[hidden]"`,
	} {
		require.Equal(t, want, fmt.Sprintf(verb, s), verb)
		require.NotContains(t, fmt.Sprintf(verb, []secret.Text{s}), "horse", verb)
		require.NotContains(t, fmt.Sprintf(verb, &struct{ S secret.Text }{s}), "horse", verb)
		require.NotContains(t, fmt.Sprintf(verb, secret.Text("")), "hidden", verb)
	}
	require.Equal(t, "[hidden]", s.LogValue().String())
	text, err := json.Marshal(map[string]any{"of": []secret.Text{s, ""}})
	require.NoError(t, err)
	require.Equal(t, `{"of":["[hidden]",""]}`, string(text))
	require.Equal(t, "correct horse", string(s))
}

func TestConceal(t *testing.T) {
	require.Equal(t, "a [hidden] b [hidden] abc", secret.Conceal("a horsefly b horse abc", []string{"horse", "", "abc", "horsefly"}), "the longest first, and none that is too short")
	err := fmt.Errorf("horse: %w", io.EOF)
	require.Same(t, err, secret.ConcealError(err, []string{"cows"}))
	hidden := secret.ConcealError(err, []string{"horse"})
	require.EqualError(t, hidden, "[hidden]: EOF")
	require.ErrorIs(t, hidden, io.EOF)
	require.NoError(t, errors.Unwrap(hidden))
}
