/** The measures that the parts of one drawing share, in SVG units. */

export const TOTAL_WIDTH = 1200
export const PLOT_X = 168
export const PLOT_WIDTH: number = TOTAL_WIDTH - PLOT_X - 28
export const HEIGHT_HEAD = 30
export const THICK = 22
export const THIN = 5

/** Neighbours in grant order must differ, and eight colours can still be told apart. */
export const TOKEN_COLOURS = 8

export interface Scale {
  readonly x: (ms: number) => number
  /** The class that colours a token. */
  readonly colour: (token: string | undefined) => string
}
