/** A row of numbers as a row of small bars, for a line of text. */
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** The highest value has the highest bar; what is not 0 never looks like 0. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1)
  return values
    .map((value) => BARS[value <= 0 ? 0 : Math.max(1, Math.round((value / most) * (BARS.length - 1)))])
    .join('')
}
