"use strict";
// details writes what there is to say about a step below the chart. Every text goes in as text, never as markup.
function details(box, model, step, policy, beside, reach) {
  const lines = [];
  const say = (kind, text) => lines.push([kind, text]);
  const d = model.demand[step], replicas = n => `${n} replica${n === 1 ? "" : "s"}`;
  const fleet = p => {
    const ready = p.ready[step], ordered = p.ordered[step];
    const short = (d - ready * model.capacity) / model.capacity;
    return `${p.name}: ${replicas(ready)} ready` + (ordered > ready ? `, ${ordered - ready} booting` : "") +
      (short > 0 ? `, ${axis.number(short)} too few` : "");
  };
  say("now", `${axis.moment(model.times[step])} ${model.zone}` + (step < model.first ? " (not scored)" : ""));
  let line = Number.isNaN(d) ? "No measurement" : `Demand ${axis.number(d)}, ${axis.number(d / model.capacity)} replicas' worth`;
  if (model.low && !Number.isNaN(model.low[step])) {
    line += `; foreseen when its orders were made: ${axis.number(model.middle[step])} (90 % between ${axis.number(model.low[step])} and ${axis.number(model.high[step])})`;
  }
  say("", line);
  say("", fleet(policy) + (beside ? "; " + fleet(beside) : ""));
  if (policy.name === "headroom" && model.changed.length > 0) {
    const k = axis.at(model.changed, step), at = model.changed[k];
    if (at <= step) {
      say("when", at === step ? "Decision of this step" : `Last decision, ${axis.moment(model.times[at])}`);
      model.reason(k).split("\n").forEach(s => say("why", s));
    }
  }
  const from = model.times[step] - reach, to = model.times[step] + Math.max(reach, model.step);
  model.events.filter(e => e.at >= from && e.at < to).slice(0, 4).forEach(e => say("spot", `▼ ${axis.moment(e.at)} ${e.label}`));
  box.replaceChildren(...lines.map(([kind, text]) => {
    const p = document.createElement("p");
    p.className = kind;
    p.textContent = text;
    return p;
  }));
}
