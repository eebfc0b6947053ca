import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the examples take from the page around them. */
const PAGE = `
declare const url: string;
declare const user: { id: string };
declare const token: string;
declare const session: { token: string; refresh(): Promise<{ token: string }> };
declare function getToken(): Promise<string>;
declare function showToast(text: string): void;
`;

it('has examples in its README that compile as they stand', () => {
  const blocks = [...readFileSync(`${ROOT}README.md`, 'utf8').matchAll(/^```tsx?\n([^]*?)^```$/gm)].map(
    ([, code = '']) => code,
  );
  expect(blocks.length).toBeGreaterThanOrEqual(6);
  const files = new Map(blocks.map((code, n) => [`${ROOT}test/readme-${n}.tsx`, `${code}\nexport {};\n`]));
  files.set(`${ROOT}test/readme-page.d.ts`, PAGE);
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  options.noUnusedLocals = false;
  options.paths = {
    '@bellhop/client': [`${ROOT}src/index.ts`],
    '@bellhop/client/tabs': [`${ROOT}src/tabs.ts`],
    '@bellhop/client/*': [`${ROOT}src/*/index.ts`],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, language, ...rest)
      : ts.createSourceFile(name, text, language, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const faults = ts.getPreEmitDiagnostics(program).map((fault) => {
    const line = fault.file?.getLineAndCharacterOfPosition(fault.start ?? 0).line ?? 0;
    return `${fault.file?.fileName ?? ''}:${line + 1} ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`;
  });
  expect(faults).toEqual([]);
});
