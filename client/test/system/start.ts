import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    apiUrl: string;
    realtimeUrl: string;
    jwtSecret: string;
  }
}

const JAR = fileURLToPath(new URL('../../../quickstart/target/quickstart.jar', import.meta.url));

const JWT_SECRET = 'a-secret-of-the-tests-that-is-long-enough';

/** Starts the whole of Bellhop once for all tests, on free ports and with data of its own. */
export default async function start(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(JAR)) {
    throw new Error(
      'There is no quickstart/target/quickstart.jar. Build it: ./mvnw package -DskipTests -pl quickstart -am',
    );
  }
  const data = await mkdtemp(join(tmpdir(), 'bellhop-client-'));
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const bellhop = spawn(java, ['-XX:TieredStopAtLevel=1', '-jar', JAR, 'up'], {
    env: {
      ...process.env,
      BELLHOP_API_PORT: '0',
      BELLHOP_REALTIME_PORT: '0',
      BELLHOP_DATA_DIR: data,
      BELLHOP_JWT_SECRET: JWT_SECRET,
      BELLHOP_ALLOWED_ORIGINS: 'http://localhost:3000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const [apiUrl, realtimeUrl] = await new Promise<[string, string]>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const api = /REST API\s+(\S+)\/api\/v1/.exec(output)?.[1];
      const realtime = /Server-Sent\s+(\S+)\/events/.exec(output)?.[1];
      if (api && realtime) {
        resolve([api, realtime]);
      }
    };
    bellhop.stdout.on('data', read);
    bellhop.stderr.on('data', read);
    bellhop.once('exit', (code) => reject(new Error(`Bellhop ended with ${code}:\n${output}`)));
  });
  project.provide('apiUrl', apiUrl);
  project.provide('realtimeUrl', realtimeUrl);
  project.provide('jwtSecret', JWT_SECRET);
  return async () => {
    const ended = new Promise((resolve) => bellhop.once('exit', resolve));
    bellhop.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
}
