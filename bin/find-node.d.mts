/** The oldest Node that will do. */
export declare const LEAST_MAJOR: number;
export declare const isNewEnough: () => boolean;
export declare function pinnedNode(): string | undefined;
export declare const TOO_OLD: string;
