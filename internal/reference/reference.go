// Package reference finds the reference values that R computed, for tests.
package reference

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Read fills v from a JSON file of reference values in ../shared/golden beside the module. It skips the test where the file
// is absent and ends it where the file cannot be read.
func Read(t testing.TB, name string, v any) {
	t.Helper()
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil {
			break
		}
		if filepath.Dir(root) == root {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(filepath.Join(root, "..", "shared", "golden", name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("reference values from R are absent: ../shared/golden/%s", name)
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatalf("../shared/golden/%s: %v", name, err)
	}
}
