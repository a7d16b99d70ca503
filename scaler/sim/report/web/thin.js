"use strict";
// thin reduces steps from .. to (not included) to at most two points a pixel that draw the same picture: of each column of
// pixels the smallest and the largest value of a series, in the order in which they come. A series with keep "min" or "max"
// shows the outermost value alone, for the edges of an area. NaN becomes null, which uPlot leaves out.
function thin(times, series, from, to, pixels) {
  const n = to - from, x = [], columns = series.map(() => []);
  const known = v => Number.isNaN(v) ? null : v;
  if (n <= 2 * pixels) {
    for (let i = from; i < to; i++) x.push(times[i]);
    series.forEach((s, k) => { for (let i = from; i < to; i++) columns[k].push(known(s.values[i])); });
    return [x, ...columns];
  }
  for (let p = 0; p < pixels; p++) {
    const a = from + Math.floor(n * p / pixels), b = from + Math.floor(n * (p + 1) / pixels);
    x.push(times[a], times[(a + b) >> 1]);
    series.forEach((s, k) => {
      let low = Infinity, high = -Infinity, lowAt = a, highAt = a;
      for (let i = a; i < b; i++) {
        const v = s.values[i];
        if (v < low) { low = v; lowAt = i; }
        if (v > high) { high = v; highAt = i; }
      }
      if (low > high) columns[k].push(null, null);
      else if (s.keep === "min") columns[k].push(low, low);
      else if (s.keep === "max") columns[k].push(high, high);
      else if (lowAt <= highAt) columns[k].push(low, high);
      else columns[k].push(high, low);
    });
  }
  return [x, ...columns];
}
