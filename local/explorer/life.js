import { clockTime, distance } from './times.js';

/**
 * Draws the life of a session: a bar for each of its limits, which runs down, and a tick for each refresh.
 * `limits` are `{ label, from, until }`, times in epoch seconds. Stops the bars that it drew before.
 */
export function drawLife(life, limits, refreshes) {
  clearInterval(running);
  const bars = limits.map((limit) => bar(limit, refreshes));
  life.replaceChildren(...bars.map(({ element }) => element));
  const update = () => {
    for (const { show } of bars) show(Date.now() / 1000);
  };
  update();
  running = setInterval(update, 1000);
}

let running;

function bar({ label, from, until }, refreshes) {
  const element = document.createElement('div');
  const text = document.createElement('p');
  const track = document.createElement('div');
  track.className = 'track';
  track.setAttribute('role', 'progressbar');
  track.setAttribute('aria-label', `${label}: time left`);
  track.setAttribute('aria-valuemin', '0');
  track.setAttribute('aria-valuemax', '100');
  const left = document.createElement('span');
  left.className = 'left';
  track.append(left);
  for (const moment of refreshes) {
    if (moment < from || moment > until) continue;
    const tick = document.createElement('span');
    tick.className = 'tick';
    tick.title = `Refreshed at ${clockTime(moment)}`;
    tick.style.left = `${share(moment, from, until)}%`;
    track.append(tick);
  }
  element.append(text, track);
  const show = (now) => {
    const gone = share(now, from, until);
    left.style.width = `${100 - gone}%`;
    track.setAttribute('aria-valuenow', String(Math.round(100 - gone)));
    text.textContent = `${label} ${clockTime(until)} (${distance(until, now)})`;
  };
  return { element, show };
}

/** Where a moment lies between two others, in percent. */
function share(moment, from, until) {
  return Math.min(100, Math.max(0, (100 * (moment - from)) / Math.max(1, until - from)));
}
