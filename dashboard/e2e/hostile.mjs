/** What `harmed` counts must stay 0 however these are shown. */
const HARM = 'window.harmed++';

const ELEMENTS = [
  'script',
  'img',
  'svg',
  'iframe',
  'video',
  'audio',
  'body',
  'input',
  'details',
  'object',
  'embed',
  'math',
];
const HANDLERS = ['onerror', 'onload', 'onclick', 'onmouseover', 'onfocus', 'ontoggle', 'onanimationstart'];

const BY_HAND = [
  `<script>${HARM}</script>`,
  `"><script>${HARM}</script>`,
  `'><img src=x onerror=${HARM}>`,
  `</textarea><script>${HARM}</script>`,
  `</title><script>${HARM}</script>`,
  `<!--><script>${HARM}</script>-->`,
  `<![CDATA[<script>${HARM}</script>]]>`,
  `<scr<script>ipt>${HARM}</scr</script>ipt>`,
  `&lt;script&gt;${HARM}&lt;/script&gt;`,
  `javascript:${HARM}`,
  `{{constructor.constructor('${HARM}')()}}`,
  '${alert(1)}',
  '__proto__',
  'constructor',
  "'; drop table entity; --",
  '../../../../etc/passwd',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  'a < b && c > d "quoted" \'single\'',
  "O'Brien & Sons",
  '<name@example.com>',
  'اسم من اليمين إلى اليسار',
  'zero\u200Bwidth',
  'e\u0301 e\u0301\u0301\u0301\u0301\u0301',
  '👩‍👩‍👧‍👦 🏳️‍🌈',
  'line\u2028separator',
  'x'.repeat(200),
  'null',
  'undefined',
];

export const HOSTILE = [
  ...BY_HAND,
  ...ELEMENTS.flatMap((element) => HANDLERS.map((handler) => `<${element} ${handler}="${HARM}" src=x>`)),
].slice(0, 100);
