import { CLOSE_CODES } from './generated/tables.js';

/** Whether to come back after a close that no `disconnect` frame explained. Codes of networks and proxies mean yes. */
export function comesBack(code: number, reason: string): boolean {
  const same = CLOSE_CODES.filter((row) => row[0] === code);
  const exact = same.find((row) => row[1] === reason);
  return exact ? exact[2] : same.every((row) => row[2]);
}

/** Full jitter: anything up to a ceiling that doubles from 1 s to 30 s. */
export function backOff(attempt: number): number {
  return Math.random() * Math.min(30_000, 1000 * 2 ** attempt);
}
