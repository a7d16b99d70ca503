"use strict";
// The other side of pack.go.
const unpack = (() => {
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

  // varints calls next with each unsigned varint. Multiplication instead of shifts: they may need more than 32 bits.
  const varints = (text, next) => {
    let value = 0, unit = 1;
    for (const b of bytes(text)) {
      value += (b & 127) * unit;
      if (b & 128) { unit *= 128; continue; }
      next(value);
      value = 0; unit = 1;
    }
  };
  const signed = v => v % 2 ? -(v + 1) / 2 : v / 2;

  return {
    floats(text) {
      const view = new DataView(bytes(text).buffer), out = new Float32Array(view.byteLength / 4);
      for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(4 * i, true);
      return out;
    },
    runs(text, n) {
      const out = new Float64Array(n);
      let at = 0, value = 0, gap = -1;
      varints(text, v => {
        if (gap < 0) { gap = v; return; }
        out.fill(value, at, at + gap);
        at += gap; gap = -1;
        value += signed(v);
      });
      return out.fill(value, at);
    },
    multiples(text, quantum) {
      const out = [];
      let m = 0;
      varints(text, v => {
        const delta = signed(v);
        if (delta === 0) { out.push(NaN); return; }
        m += delta - Math.sign(delta);
        out.push(m * quantum);
      });
      return Float64Array.from(out);
    },
    counts(text) {
      const out = [];
      varints(text, v => out.push(v));
      return out;
    },
    // sentences returns a function from the number of a text to the text.
    sentences(words, text) {
      const numbers = this.counts(text), starts = [0];
      numbers.forEach((w, i) => { if (w === 0) starts.push(i + 1); });
      return i => numbers.slice(starts[i], starts[i + 1] - 1).map(w => words[w - 1]).join(" ").replaceAll(" \n ", "\n");
    },
  };
})();
