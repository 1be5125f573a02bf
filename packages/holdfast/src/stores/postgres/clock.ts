/** The clock of the server in a statement: when it is read, and not when the statement or its transaction began. */

export const CLOCK_US = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
