package scaler

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/headroom-go/headroom/internal/state"
)

// A snapshot is: magic, version (2 bytes), fingerprint (32 bytes), state, CRC-32 of all before it (4 bytes), all
// little-endian.
const (
	snapshotMagic   = "HDRM"
	snapshotVersion = 6
	snapshotHead    = len(snapshotMagic) + 2 + len(Fingerprint{})
)

// AppendBinary appends a snapshot to b: everything that later decisions depend on. It implements
// encoding.BinaryAppender. An engine that is restored from it continues with the same bytes as one that never stopped.
func (e *Engine) AppendBinary(b []byte) ([]byte, error) {
	start := len(b)
	b = append(b, snapshotMagic...)
	b = binary.LittleEndian.AppendUint16(b, snapshotVersion)
	b = append(b, e.print[:]...)
	w := state.NewWriter(b)
	e.fields(&w)
	if w.Err() != nil {
		return b[:start], w.Err()
	}
	b = w.Bytes()
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:])), nil
}

// Restore returns the engine that AppendBinary wrote. cfg must have the fingerprint of that engine's configuration. Errors:
// ErrSnapshotCorrupt, ErrSnapshotVersion, ErrSnapshotFingerprint (use errors.Is), or the Faults of cfg.
func Restore(cfg Config, b []byte) (*Engine, error) {
	e, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if len(b) < snapshotHead+4 || string(b[:len(snapshotMagic)]) != snapshotMagic {
		return nil, fmt.Errorf("%w: %d bytes that do not begin as a snapshot does", ErrSnapshotCorrupt, len(b))
	}
	if v := binary.LittleEndian.Uint16(b[len(snapshotMagic):]); v != snapshotVersion {
		return nil, fmt.Errorf("%w: it has %d, this build reads %d", ErrSnapshotVersion, v, snapshotVersion)
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, fmt.Errorf("%w: the checksum does not match", ErrSnapshotCorrupt)
	}
	if got := b[snapshotHead-len(e.print) : snapshotHead]; !bytes.Equal(got, e.print[:]) {
		return nil, fmt.Errorf("%w: it has %x, this one %v", ErrSnapshotFingerprint, got, e.print)
	}
	if err := e.read(body[snapshotHead:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshotCorrupt, err)
	}
	return e, nil
}

// read fills a new engine with the state of a snapshot.
func (e *Engine) read(body []byte) error {
	r := state.NewReader(body)
	e.fields(&r)
	if r.Err() != nil {
		return r.Err()
	}
	if n := len(r.Bytes()); n != 0 {
		return fmt.Errorf("%d bytes are left over", n)
	}
	return nil
}

// fields walks everything that changes after New, for snapshots and for Peek.
func (e *Engine) fields(c *state.Codec) {
	for i := range e.signals {
		e.signals[i].forecast.State(c)
		e.signals[i].refused.fields(c)
		e.signals[i].lateness.fields(c, e.cfg.mostLate())
		if e.signals[i].forecast.Events() > 0 {
			e.room()
		}
	}
	e.shadows.State(c)
	e.hold.State(c)
	c.Int64(&e.last)
	c.Bool(&e.ever)
	c.Int64(&e.back)
	e.guard.fields(c)
	if e.sized != nil {
		e.sized.fields(c)
		if c.Reading() {
			e.revalue()
		}
	}
}
