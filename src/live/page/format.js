// How numbers and times are written on the page.

/**
 * @param {number} bytes Bytes a second.
 * @returns {string} Bits a second, such as `20.1 Mbit/s`.
 */
export function rateText(bytes) {
  const bits = Math.abs(bytes) * 8;
  if (bits < 1_000) return `${Math.round(bits)} bit/s`;
  return `${scaled(bits)}bit/s`;
}

/**
 * @param {number} bytes
 * @returns {string} Such as `12.3 MB`.
 */
export function bytesText(bytes) {
  return bytes < 1_000 ? `${Math.round(bytes)} B` : `${scaled(bytes)}B`;
}

/**
 * @param {number} count
 * @returns {string} A whole number with spaces between thousands.
 */
export function countText(count) {
  return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/**
 * @param {number | null | undefined} value
 * @param {(value: number) => string} text How it is written.
 * @returns {string} A dash if it is not known.
 */
export function known(value, text) {
  return value === null || value === undefined ? "–" : text(value);
}

/**
 * @param {number | null | undefined} milliseconds
 * @returns {string} Such as `20.1 ms`; a dash if it is not known.
 */
export function timeText(milliseconds) {
  return known(milliseconds, (time) => {
    return time >= 10_000 ? `${(time / 1_000).toFixed(1)} s` : `${threeDigits(time)} ms`;
  });
}

/**
 * @param {number} time Milliseconds since 1970.
 * @returns {string} The time of day here, such as `14:03:07.2`.
 */
export function clockText(time) {
  const date = new Date(time);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const tenth = Math.floor(date.getMilliseconds() / 100);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${tenth}`;
}

/**
 * @param {number} value At least 1,000.
 * @returns {string} With a letter that stands for the thousands.
 */
function scaled(value) {
  const letters = ["", "k", "M", "G", "T", "P"];
  let power = 0;
  while (value >= 999.5 && power < letters.length - 1) {
    value /= 1_000;
    power++;
  }
  return `${threeDigits(value)} ${letters[power]}`;
}

/**
 * @param {number} value
 * @returns {string}
 */
function threeDigits(value) {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
