package file

import (
	"errors"
	"os"
	"path/filepath"
)

// replace makes b the content of the file at path, such that whoever reads path sees all of the old content or all of the
// new, also after a crash: it writes a temporary file beside it, has that written to disk, and renames it. Of two
// processes that write the same path one would get the other's content; there must be one.
func replace(path string, b []byte) error {
	temporary := path + ".tmp"
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		// Some file systems refuse to sync a directory. The content is then whole all the same; after a crash of the
		// machine it may be the old one.
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}
