/** A moment as everything here shows it: 24-hour time, with the date where it is not today. */
export function clockTime(seconds, now = new Date()) {
  const date = new Date(seconds * 1000);
  const two = (number) => String(number).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** How far a moment is away: `in 30 min`, `2 h ago`, `now`. */
export function distance(seconds, now = Date.now() / 1000) {
  const away = Math.abs(seconds - now);
  if (away < 1) return 'now';
  const text = duration(away);
  return seconds > now ? `in ${text}` : `${text} ago`;
}

/** `45 s`, `30 min`, `11.5 h`, `2 d` */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 360) / 10} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A moment and its distance, as an element. */
export function timeElement(seconds) {
  const element = document.createElement('time');
  element.dateTime = new Date(seconds * 1000).toISOString();
  element.title = element.dateTime;
  const far = document.createElement('span');
  far.className = 'quiet';
  far.textContent = distance(seconds);
  element.append(clockTime(seconds), ' ', far);
  return element;
}
