/** One call of the lab: its words, and where it prints. */

export interface LabCall {
  /** Behind the word `lab`. */
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}
