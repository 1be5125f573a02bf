/**
 * What a compiler before TypeScript 5.2 finds in place of every entry point. It knows no `AsyncDisposable`, so the real
 * declarations would be errors in files that nobody there can change. Using any of these names is an error that says why.
 */
interface HoldfastNeedsTypeScript52OrNewer {}

export declare const holdfast: HoldfastNeedsTypeScript52OrNewer
export declare const memory: HoldfastNeedsTypeScript52OrNewer
export declare const redis: HoldfastNeedsTypeScript52OrNewer
export declare const redlock: HoldfastNeedsTypeScript52OrNewer
export declare const sqlite: HoldfastNeedsTypeScript52OrNewer
export declare const fence: HoldfastNeedsTypeScript52OrNewer
export declare const ledger: HoldfastNeedsTypeScript52OrNewer
export declare const virtualClock: HoldfastNeedsTypeScript52OrNewer
export declare const Redlock: HoldfastNeedsTypeScript52OrNewer
export { Redlock as default }
