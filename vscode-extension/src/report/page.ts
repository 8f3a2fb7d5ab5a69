// Makes the profiler's HTML report a page for a panel of the editor. Its content policy stays as it is: no request, and only
// its own script and style by their digests, beside ours by a nonce.

/** The page with our style and script; undefined if it is not a report. */
export function panelPage(html: string, nonce: string, style: string, script: string): string | undefined {
  if (!/^[A-Za-z0-9+/=_-]+$/.test(nonce)) throw new Error('a nonce must be one');
  const policy =
    /(http-equiv="Content-Security-Policy" content="default-src 'none'; style-src )([^;"]*)(; script-src )([^;"]*)"/;
  if (!policy.test(html)) return undefined;
  const [head, body] = ['</head>', '</body>'];
  const [headEnd, bodyEnd] = [html.indexOf(head), html.lastIndexOf(body)];
  if (headEnd < 0 || bodyEnd < 0) return undefined;
  const parts = [
    html.slice(0, headEnd).replace(policy, `$1$2 'nonce-${nonce}'$3$4 'nonce-${nonce}'"`),
    `<style nonce="${nonce}">${style}</style>`,
    html.slice(headEnd, bodyEnd),
    `<script nonce="${nonce}">${script}</script>`,
    html.slice(bodyEnd),
  ];
  return parts.join('\n');
}
