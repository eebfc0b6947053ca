import { describe, expect, it } from 'vitest';
import { backOff, comesBack } from '../src/closing.js';
import { CLOSE_CODES, canonicalName, escapeHtml, EVENT_TYPES } from '../src/index.js';

describe('after a close', () => {
  it('comes back for exactly those reasons that the server’s table names', () => {
    for (const [code, reason, back] of CLOSE_CODES) {
      expect(comesBack(code, reason), reason).toBe(back);
    }
    expect(
      CLOSE_CODES.filter(([, , back]) => back)
        .map(([, reason]) => reason)
        .sort(),
    ).toEqual(['internal_error', 'no_pong', 'overloaded', 'restarting', 'slow_consumer', 'token_expired'].sort());
  });

  it('comes back when a network or a proxy ended it, and not for an unknown reason of a refusal', () => {
    for (const code of [1001, 1005, 1006, 1012, 1014, 4000]) {
      expect(comesBack(code, ''), String(code)).toBe(true);
    }
    expect(comesBack(1008, 'something new')).toBe(false);
    expect(comesBack(1000, '')).toBe(false);
  });
});

describe('back-off', () => {
  it('doubles its ceiling from 1 s to 30 s and takes anything below it', () => {
    const ceilings = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
    for (const [attempt, ceiling] of [...ceilings.entries(), [100, 30_000] as const]) {
      const delays = Array.from({ length: 1000 }, () => backOff(attempt));
      expect(Math.max(...delays)).toBeLessThanOrEqual(ceiling);
      expect(Math.max(...delays)).toBeGreaterThan(ceiling * 0.9);
      expect(Math.min(...delays)).toBeLessThan(ceiling * 0.1);
    }
  });
});

describe('names', () => {
  it('are understood in both spellings', () => {
    for (const type of EVENT_TYPES) {
      expect(canonicalName(type)).toBe(type);
      expect(canonicalName(type.replace('.', '_'))).toBe(type);
    }
    expect(canonicalName('form_submitted')).toBe('onboarding.form_submitted');
    expect(canonicalName('my_own')).toBe('my_own');
  });

  it('and texts are made inert for pages that build HTML', () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
  });
});
