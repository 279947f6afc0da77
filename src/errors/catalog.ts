/**
 * Every error that a user can meet: its code, its HTTP status and its message. A message names the rule, what
 * was got and where. `{field}` in a template is filled from the error's fields, which the API returns beside it.
 */
export const ERRORS = {
  VIGIE_CAMERA_UNKNOWN: { status: 404, message: 'There is no camera "{camera}".' },
  VIGIE_SEGMENT_UNKNOWN: { status: 404, message: 'There is no segment "{segment}".' },
  VIGIE_HOLD_UNKNOWN: { status: 404, message: 'There is no hold {hold}.' },
  VIGIE_NOT_FOUND: { status: 404, message: 'There is nothing at {method} {path}.' },
  VIGIE_REQUEST_INVALID: { status: 400, message: '{where} is not valid: {problem}.' },
  VIGIE_RANGE_INVALID: {
    status: 400,
    message: 'The time range must start before it ends. Got from {from} to {to}.',
  },
  VIGIE_RANGE_TOO_LONG: {
    status: 400,
    message: 'The time range may be {limit} long at most. Got {got}.',
  },
  VIGIE_NOT_RECORDED: { status: 404, message: 'Camera "{camera}" has no recording {when}.' },
  VIGIE_RANGE_UNSATISFIABLE: {
    status: 416,
    message: 'The byte range {range} lies outside the {size} bytes there are.',
  },
  VIGIE_SEGMENT_UNREADABLE: {
    status: 500,
    message: 'The file of segment "{segment}" cannot be read: {problem}.',
  },
  VIGIE_STILL_FAILED: { status: 500, message: 'The picture could not be decoded: {problem}.' },
  VIGIE_BUSY: { status: 503, message: 'Too many {what} at once. Try again in a moment.' },
  VIGIE_HOST_REFUSED: {
    status: 403,
    message: 'Requests for host "{host}" are not answered: until accounts exist, only loopback names are.',
  },
  VIGIE_INTERNAL: { status: 500, message: 'Something went wrong here. The log has it under {reference}.' },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

export type ErrorCode = keyof typeof ERRORS;
export type ErrorFields = Readonly<Record<string, string | number | boolean>>;

/** An error that is an answer: thrown only where a request handler will turn it into one. */
export class VigieError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, fields: ErrorFields = {}) {
    super(fill(ERRORS[code].message, fields));
    this.name = 'VigieError';
    this.code = code;
    this.fields = fields;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  /** `{"error": {"code", "message", …fields}}`, the body of every failed answer. */
  toJSON(): { error: Record<string, unknown> } {
    return { error: { ...this.fields, code: this.code, message: this.message } };
  }
}

function fill(template: string, fields: ErrorFields): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(fields[name] ?? `{${name}}`));
}
