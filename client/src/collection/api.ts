import type { RealtimeClient } from '../client.js';

/** An answer of the REST API that is no success: RFC 9457. */
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    readonly status: number,
    readonly problem: {
      title?: string;
      detail?: string;
      errors?: { field: string; code: string; message: string }[];
      [member: string]: unknown;
    },
  ) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
  }
}

export interface ApiRequest {
  body?: unknown;
  /** Version that the record must still have, or 412. */
  ifVersion?: number;
  /** W3C Trace Context; comes back in the event of the write. */
  traceparent?: string;
}

/**
 * Calls the REST API as the client's user. A POST carries a key of its own, so that it takes effect once.
 *
 * @returns the body of the answer, undefined where it has none
 * @throws ApiError for any answer but a success
 */
export async function callApi<T>(
  client: RealtimeClient,
  method: string,
  path: string,
  request: ApiRequest = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (request.body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (method === 'POST') {
    headers['Idempotency-Key'] = crypto.randomUUID();
  }
  if (request.ifVersion !== undefined) {
    headers['If-Match'] = `"${request.ifVersion}"`;
  }
  if (request.traceparent) {
    headers['traceparent'] = request.traceparent;
  }
  const send = async (reason: 'connect' | 'expired') =>
    client.fetch(`${client.apiUrl}/api/v1${path}`, {
      method,
      headers: { ...headers, Authorization: `Bearer ${await client.getToken(reason)}` },
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
  let response = await send('connect');
  if (response.status === 401) {
    await response.body?.cancel();
    response = await send('expired');
  }
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
  const body: unknown = isJson && text ? JSON.parse(text) : undefined;
  if (!response.ok) {
    throw new ApiError(response.status, (body ?? {}) as ApiError['problem']);
  }
  return body as T;
}

/** A new W3C Trace Context, and the part of it that comes back whatever touches it on the way. */
export function newTrace(): { traceparent: string; traceId: string } {
  const traceId = crypto.randomUUID().replaceAll('-', '');
  return { traceparent: `00-${traceId}-${traceId.slice(16)}-01`, traceId };
}
