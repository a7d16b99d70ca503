"use strict";
// axis holds what the page knows of time and of numbers: times are seconds since 1970 as if the zone of the trace were UTC.
const axis = (() => {
  const two = v => String(v).padStart(2, "0");
  const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  return {
    moment(seconds) {
      const d = new Date(seconds * 1000);
      return `${days[d.getUTCDay()]} ${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())} ` + this.clock(seconds);
    },
    clock(seconds) {
      const d = new Date(seconds * 1000), s = d.getUTCSeconds();
      return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}` + (s ? `:${two(s)}` : "");
    },
    // tick is the text below a tick of the time axis, with the day where one begins or no other says it.
    tick(seconds, distance, alone) {
      const d = new Date(seconds * 1000), day = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
      if (distance >= 86400) return `${days[d.getUTCDay()]}\n${day}`;
      return this.clock(seconds) + (alone || seconds % 86400 === 0 ? `\n${day}` : "");
    },
    number(v) {
      return Number.isNaN(v) ? "unknown" : String(Number(v.toPrecision(v >= 1e5 ? 6 : 4)));
    },
    // at returns the number of the last time that is no later, or 0.
    at(times, seconds) {
      let low = 0, high = times.length - 1;
      while (low < high) {
        const m = (low + high + 1) >> 1;
        if (times[m] <= seconds) low = m; else high = m - 1;
      }
      return low;
    },
    // window keeps a range inside the trace, at least a few steps wide.
    window(from, to, first, last, step) {
      const width = Math.min(Math.max(to - from, 5 * step), last - first);
      const start = Math.min(Math.max(from, first), last - width);
      return [start, start + width];
    },
  };
})();
