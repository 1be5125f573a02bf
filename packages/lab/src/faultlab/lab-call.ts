/** One call of the lab: its words, and where it prints. */

export interface LabCall {
  /** Behind the word `lab`. */
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly stdout: { write(text: string): unknown }
  /** Where it is a terminal, a run draws on it how far it is. */
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
}
