import { z } from 'zod';
import { WEBHOOK_KINDS } from './config.ts';

const URL_RULE = 'an address, as in https://alarms.example.org/vigie or http://10.0.0.5:9000/vigie';
const SECRET_RULE = '16 to 200 characters';
const HOOKS = 16;

const isAddress = (text: string): boolean => /^https?:\/\/[^\s/?#]+/i.test(text) && URL.canParse(text);

export const webhooks = z
  .array(
    z.strictObject({
      url: z
        .string({ error: URL_RULE })
        .max(2_000, { error: URL_RULE })
        .refine(isAddress, { error: URL_RULE })
        .describe(
          'what is told of each event by POST; write ${NAME} to take a secret in it from the environment',
        ),
      secret: z
        .string({ error: SECRET_RULE })
        .min(16, { error: SECRET_RULE })
        .max(200, { error: SECRET_RULE })
        .describe(
          'signs what is sent: x-vigie-signature is t=<Unix time>,v1=<HMAC-SHA256 of "<Unix time>.<body>">',
        ),
      caFile: z
        .string()
        .min(1)
        .max(1_000)
        .optional()
        .describe('PEM file of the authority behind its certificate; those of the system if it is left out'),
      kinds: z
        .array(z.enum(WEBHOOK_KINDS))
        .min(1)
        .optional()
        .describe('of these kinds only; all if it is left out'),
      cameras: z
        .array(z.string().min(1).max(64))
        .min(1)
        .max(10_000)
        .optional()
        .describe('of these cameras only, by id; all if it is left out'),
    }),
  )
  .max(HOOKS)
  .describe('who is told when events begin and end');

interface Checked {
  readonly webhooks?: z.infer<typeof webhooks> | undefined;
  readonly cameras?: readonly { readonly id: string }[] | undefined;
}

/** What can only be told from the whole file: what is owed to a webhook is kept by its address, and cameras have to be there. */
export function checkWebhooks({ webhooks: all = [], cameras = [] }: Checked, context: z.RefinementCtx): void {
  const ids = new Set(cameras.map(({ id }) => id));
  const urls = new Set<string>();
  for (const [index, hook] of all.entries()) {
    const refuse = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: ['webhooks', index, ...path], message });
    if (urls.has(hook.url)) refuse(['url'], 'an address that no other webhook has');
    urls.add(hook.url);
    for (const [place, id] of (hook.cameras ?? []).entries()) {
      if (!ids.has(id)) refuse(['cameras', place], 'the id of a camera');
    }
  }
}
