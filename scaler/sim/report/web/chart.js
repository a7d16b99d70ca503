"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const raw = JSON.parse(byId("data").textContent);

  const grid = unpack.runs(raw.grid, raw.n);
  const model = {
    step: raw.step_s, capacity: raw.capacity, first: raw.first_scored, zone: raw.zone,
    times: Float64Array.from(grid, (late, i) => (raw.start_ms + late) / 1000 + i * raw.step_s),
    demand: unpack.floats(raw.demand),
    policies: raw.policies.map(p => {
      const ordered = unpack.runs(p.ordered, raw.n);
      return { name: p.name, ordered, ready: p.ready ? unpack.runs(p.ready, raw.n) : ordered };
    }),
    events: raw.events.map(e => ({ at: e.at_ms / 1000, label: e.label })),
    changed: [], reason: unpack.sentences(raw.words || [], raw.text || ""),
  };
  if (raw.band.length) [model.low, model.middle, model.high] = raw.band.map(b => unpack.multiples(b, raw.quantum));
  let sum = 0;
  model.changed = unpack.counts(raw.changed || "").map(gap => sum += gap);

  const box = byId("chart"), first = model.times[0], last = model.times[raw.n - 1] + model.step;
  let main = model.policies[0], beside = model.policies.find(p => p.name === "hpa" && p !== main) || null;
  let range = [model.times[Math.min(model.first, raw.n - 1)], last], pointer = -1, plot = null, series = [], printing = false, top = 1, waiting = 0;

  const color = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  // looks says how each line is drawn; the legend shows the same.
  const looks = [
    { key: "low", keep: "min", stroke: "band", width: 1 },
    { key: "high", keep: "max", stroke: "band", width: 1, label: "forecast, 90 % band", area: "band-fill" },
    { key: "middle", stroke: "middle", width: 1.5, dash: [2, 3], label: "forecast, middle" },
    { key: "short", keep: "max", stroke: "unserved", width: 1.5, label: "unserved", area: "unserved-fill" },
    { key: "demand", stroke: "demand", width: 1.2, label: "demand" },
    { key: "beside", stroke: "beside", width: 1.6, dash: [9, 4] },
    { key: "ordered", stroke: "ordered", width: 1.4, dash: [3, 3] },
    { key: "ready", stroke: "ready", width: 2.2 },
  ];
  const inReplicas = values => Float64Array.from(values, v => v / model.capacity);
  const demand = inReplicas(model.demand);
  const band = model.low ? [model.low, model.high, model.middle].map(inReplicas) : null;

  // shortfall is what went unserved, in replicas. It is unknown, so not drawn, where there is none in the step nor before it.
  function shortfall(ready) {
    const short = Float64Array.from(demand, (d, i) => d > ready[i] ? d - ready[i] : 0);
    return short.map((s, i) => s > 0 || short[i - 1] > 0 ? s : NaN);
  }

  function choose() {
    const unknown = new Float64Array(raw.n).fill(NaN), engine = main.name === "headroom" && band;
    const values = {
      low: engine ? band[0] : unknown, high: engine ? band[1] : unknown, middle: engine ? band[2] : unknown,
      short: shortfall(main.ready), demand,
      beside: beside ? beside.ready : unknown, ordered: main.ordered, ready: main.ready,
    };
    series = looks.map(l => ({ ...l, values: values[l.key] }));
    const text = { beside: beside && `${beside.name}: ready`, ordered: `${main.name}: ordered`, ready: `${main.name}: ready (can serve)` };
    byId("legend").replaceChildren(...looks.map(l => {
      const label = l.label || text[l.key];
      if (!label || (!engine && (l.key === "high" || l.key === "middle"))) return null;
      const item = document.createElement("li");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("width", 34); svg.setAttribute("height", 12); svg.setAttribute("aria-hidden", "true");
      const line = document.createElementNS(svg.namespaceURI, l.area ? "rect" : "path");
      if (l.area) {
        for (const [k, v] of Object.entries({ x: 1, y: 1, width: 32, height: 10 })) line.setAttribute(k, v);
        line.style.fill = `var(--${l.area})`;
      } else line.setAttribute("d", "M0 6H34");
      line.style.stroke = `var(--${l.stroke})`;
      line.style.strokeWidth = l.width;
      if (l.dash) line.style.strokeDasharray = l.dash.join(" ");
      svg.append(line);
      item.append(svg, label);
      return item;
    }).filter(Boolean), ...eventKey());
  }
  function eventKey() {
    if (!model.events.length) return [];
    const item = document.createElement("li"), sign = document.createElement("b");
    sign.textContent = "▼ ";
    sign.style.color = "var(--event)";
    item.append(sign, "announced event");
    return [item];
  }

  // hatched is a pattern, so that what went unserved is told from the other areas without colour.
  function hatched(u) {
    const tile = document.createElement("canvas"), size = 8;
    tile.width = tile.height = size;
    const c = tile.getContext("2d");
    c.fillStyle = color("unserved-fill");
    c.fillRect(0, 0, size, size);
    c.strokeStyle = color("unserved");
    c.lineWidth = 1.5;
    c.beginPath();
    for (const o of [-size, 0, size]) { c.moveTo(o, size); c.lineTo(o + size, 0); }
    c.stroke();
    return u.ctx.createPattern(tile, "repeat");
  }

  function marks(u) {
    const { ctx, bbox } = u, px = devicePixelRatio || 1, place = t => u.valToPos(t, "x", true);
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    if (model.first > 0) {
      const end = place(model.times[Math.min(model.first, raw.n - 1)]);
      if (end > bbox.left) {
        ctx.fillStyle = color("warmup");
        ctx.fillRect(bbox.left, bbox.top, end - bbox.left, bbox.height);
        ctx.fillStyle = color("soft");
        ctx.font = `${12 * px}px sans-serif`;
        ctx.textAlign = "right";
        ctx.fillText("not scored", end - 6 * px, bbox.top + 24 * px);
      }
    }
    const seen = model.events.filter(e => e.at >= range[0] && e.at <= range[1]), few = seen.length <= bbox.width / px / 150;
    ctx.strokeStyle = ctx.fillStyle = color("event");
    ctx.lineWidth = px;
    ctx.setLineDash([2 * px, 4 * px]);
    ctx.textAlign = "left";
    ctx.font = `${11 * px}px sans-serif`;
    seen.forEach((e, i) => {
      const x = place(e.at);
      ctx.globalAlpha = few ? 1 : .35;
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.beginPath(); ctx.moveTo(x - 4 * px, bbox.top); ctx.lineTo(x + 4 * px, bbox.top); ctx.lineTo(x, bbox.top + 8 * px); ctx.fill();
      if (few) ctx.fillText(e.label.length > 34 ? e.label.slice(0, 33) + "…" : e.label, x + 6 * px, bbox.top + (11 + 13 * (i % 3)) * px);
    });
    ctx.restore();
  }

  const size = () => ({ width: printing ? 680 : box.clientWidth, height: printing ? 300 : Math.max(260, Math.min(460, innerHeight * .48)) });

  function build() {
    if (plot) plot.destroy();
    const stepped = uPlot.paths.stepped({ align: 1 }), ink = color("soft"), line = color("line");
    const axes = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const narrow = size().width < 500;
    plot = new uPlot({
      ...size(),
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false, focus: { prox: -1 } },
      tzDate: t => uPlot.tzDate(new Date(t * 1e3), "Etc/UTC"),
      scales: { x: { time: true, auto: false, range: () => range }, y: { range: () => [0, top * 1.06], distr: byId("compress").checked ? 4 : 1, asinh: 5 } },
      axes: [
        { ...axes, space: 90, values: (u, at, k, space, incr) => at.map((t, i) => axis.tick(t, incr, i === 0)) },
        { ...axes, label: narrow ? undefined : "replicas", size: narrow ? 52 : 56 },
        { ...axes, side: 1, scale: "y", label: narrow ? undefined : "demand", grid: { show: false }, size: narrow ? 52 : 66, values: (u, at) => at.map(v => v === null ? null : axis.number(v * model.capacity)) },
      ],
      series: [{}, ...looks.map(l => ({
        stroke: color(l.stroke), width: l.width, dash: l.dash, paths: stepped, points: { show: false }, spanGaps: false,
        fill: l.key === "short" ? hatched : undefined,
      }))],
      bands: [{ series: [2, 1], fill: color("band-fill") }],
      hooks: {
        drawClear: [u => { u.ctx.fillStyle = color("ground"); u.ctx.fillRect(0, 0, u.ctx.canvas.width, u.ctx.canvas.height); }],
        draw: [marks],
        setCursor: [u => { if (u.cursor.left >= 0 && u.cursor.event) tell(axis.at(model.times, u.posToVal(u.cursor.left, "x"))); }],
        setSelect: [u => {
          const { left, width } = u.select;
          if (width > 3) {
            const from = u.posToVal(left, "x"), to = u.posToVal(left + width, "x");
            u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
            show(from, to);
          }
        }],
      },
    }, thinned(), box);
    plot.over.addEventListener("dblclick", () => show(first, last));
    touch(plot.over);
  }

  function thinned() {
    const from = axis.at(model.times, range[0]), to = Math.min(axis.at(model.times, range[1]) + 2, raw.n);
    const data = thin(model.times, series, from, to, Math.max(200, Math.floor(size().width - 100)));
    // A forecast that is far above what came does not set the scale.
    top = 1;
    looks.forEach((l, k) => { if (l.key !== "low" && l.key !== "high") for (const v of data[k + 1]) if (v > top) top = v; });
    box.dataset.points = data[0].length;
    return data;
  }

  function show(from, to) {
    range = axis.window(from, to, first, last, model.step);
    box.dataset.from = range[0];
    box.dataset.to = range[1];
    if (!waiting) waiting = requestAnimationFrame(draw);
  }
  function draw() {
    waiting = 0;
    plot.batch(() => {
      plot.setData(thinned(), false);
      plot.setScale("x", { min: range[0], max: range[1] });
    });
  }
  function zoom(by, about) {
    const at = about === undefined ? (range[0] + range[1]) / 2 : about;
    show(at - (at - range[0]) * by, at + (range[1] - at) * by);
  }
  function pan(part) {
    const by = (range[1] - range[0]) * part;
    show(range[0] + by, range[1] + by);
  }

  function tell(step) {
    pointer = step;
    box.dataset.step = step;
    details(byId("details"), model, step, main, beside, 4 * (range[1] - range[0]) / size().width);
  }
  // point moves the pointer to a step, and the view with it.
  function point(step) {
    step = Math.min(Math.max(step, 0), raw.n - 1);
    const t = model.times[step];
    if (t < range[0] || t > range[1]) { show(t - (range[1] - range[0]) / 2, t + (range[1] - range[0]) / 2); cancelAnimationFrame(waiting); draw(); }
    plot.setCursor({ left: plot.valToPos(t, "x"), top: 10 }, false);
    tell(step);
  }
  function decision(forward) {
    if (!model.changed.length) return point(pointer + (forward ? 1 : -1));
    const found = forward ? model.changed.find(i => i > pointer) : model.changed.findLast(i => i < pointer);
    if (found !== undefined) point(found);
  }

  box.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (pointer < 0) pointer = axis.at(model.times, (range[0] + range[1]) / 2);
    const act = {
      ArrowRight: () => e.shiftKey ? decision(true) : point(pointer + 1), ArrowLeft: () => e.shiftKey ? decision(false) : point(pointer - 1),
      "+": () => zoom(.5, model.times[pointer]), "=": () => zoom(.5, model.times[pointer]), "-": () => zoom(2, model.times[pointer]),
      PageUp: () => pan(-.5), PageDown: () => pan(.5), Home: () => point(0), End: () => point(raw.n - 1),
      0: () => show(first, last), Escape: () => show(first, last),
    }[e.key];
    if (act) { e.preventDefault(); act(); }
  });
  box.addEventListener("wheel", e => {
    const part = (e.shiftKey ? e.deltaY || e.deltaX : Math.abs(e.deltaX) > Math.abs(e.deltaY) ? e.deltaX : 0) / 600;
    if (part) { e.preventDefault(); pan(part); return; }
    if (!e.ctrlKey && !e.metaKey && document.activeElement !== box) return;
    e.preventDefault();
    zoom(Math.exp(Math.max(-1, Math.min(1, e.deltaY / 200))), plot.posToVal(e.clientX - plot.over.getBoundingClientRect().left, "x"));
  }, { passive: false });
  box.addEventListener("mousedown", () => box.focus({ preventScroll: true }));

  // touch pans with one finger and zooms with two.
  function touch(over) {
    let before = null;
    const places = e => [...e.touches].slice(0, 2).map(t => t.clientX - over.getBoundingClientRect().left);
    over.addEventListener("touchstart", e => {
      before = { at: places(e), range };
      if (e.touches.length === 1) {
        const step = axis.at(model.times, plot.posToVal(before.at[0], "x"));
        point(step);
      }
    }, { passive: true });
    over.addEventListener("touchmove", e => {
      const now = places(e), [from, to] = before ? before.range : range, scale = (to - from) / over.clientWidth;
      if (!before || now.length !== before.at.length) { before = { at: now, range }; return; }
      if (e.cancelable) e.preventDefault();
      if (now.length === 1) { show(from - (now[0] - before.at[0]) * scale, to - (now[0] - before.at[0]) * scale); return; }
      const middle = (now[0] + now[1]) / 2, old = from + (before.at[0] + before.at[1]) / 2 * scale;
      const finer = scale * Math.abs(before.at[1] - before.at[0]) / Math.max(10, Math.abs(now[1] - now[0]));
      show(old - middle * finer, old - middle * finer + finer * over.clientWidth);
    }, { passive: false });
  }

  document.querySelectorAll("[data-do]").forEach(b => b.addEventListener("click", () => ({
    in: () => zoom(.5), out: () => zoom(2), left: () => pan(-.5), right: () => pan(.5), all: () => show(first, last),
    day: () => {
      const at = pointer >= 0 ? model.times[pointer] : (model.times[Math.min(model.first, raw.n - 1)] + 43200);
      show(at - 43200, at + 43200);
    },
  })[b.dataset.do]()));
  const pick = (id, chosen, none, set) => {
    const select = byId(id);
    if (none) select.add(new Option("nothing", ""));
    model.policies.forEach(p => select.add(new Option(p.name, p.name, false, p === chosen)));
    select.addEventListener("change", () => {
      set(model.policies.find(p => p.name === select.value) || null);
      choose();
      build();
      if (pointer >= 0) tell(pointer);
    });
  };
  byId("compress").addEventListener("change", build);
  if (!main) return;
  pick("main", main, false, p => { main = p; });
  pick("beside", beside, true, p => { beside = p; });
  if (!beside) byId("beside").value = "";

  choose();
  show(...range);
  build();
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (!printing && box.clientWidth !== width) { width = box.clientWidth; build(); }
  }).observe(box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
  addEventListener("beforeprint", () => { printing = true; build(); });
  addEventListener("afterprint", () => { printing = false; build(); });
})();
