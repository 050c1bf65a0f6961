// Where bills lie that may come in a layout of their own: plain files, a folder laid out as an export, or a provider that is asked.
import type { FocusLayout } from './pipeline.js';
import type { SourceSpec } from './spec-pipeline.js';
import { problem, type Report } from './text.js';
import type { YamlFile } from './yaml-places.js';

type Spec<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

/** Days in files and days of the API would overlap, and nobody could say which count. */
export function focusLayoutOf(spec: Spec<'focus'>, file: YamlFile, report: Report): FocusLayout {
  const { pull, layout } = spec;
  if (pull === undefined) return layoutOf(spec, file, report);
  const other = layout === 'files' ? (['files', 'path'] as const).find((key) => spec[key] !== undefined) : 'layout';
  if (other !== undefined) {
    const remedy = 'keep one of them; two sources, one of them with `role: evidence`, may have both';
    report(problem('bad-value', file.of(spec, 'pull'), `\`${other}\` and \`pull\` are both there`, remedy));
  }
  const {
    api,
    key,
    url = null,
    from = null,
    trailing_days: trailingDays,
    lag_days: lagDays,
    requests_per_minute: requestsPerMinute,
  } = pull;
  return { kind: 'pull', pull: { api, keyVariable: key.env, url, from, trailingDays, lagDays, requestsPerMinute } };
}

/** Plain files, or a folder that is laid out as its kind says. */
type Layout<K extends string> =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  | { readonly kind: K; readonly path: string };

export function layoutOf<K extends string>(
  spec: (Spec<'focus'> | Spec<'aws-cur'>) & { readonly layout: 'files' | K },
  file: YamlFile,
  report: Report,
): Layout<K> {
  const [needed, other] = spec.layout === 'files' ? (['files', 'path'] as const) : (['path', 'files'] as const);
  if (spec[needed] === undefined)
    report(
      problem(
        'missing-key',
        file.of(spec),
        `\`${needed}\` is missing: \`layout: ${spec.layout}\` needs it`,
        `add \`${needed}:\` here`,
      ),
    );
  if (spec[other] !== undefined)
    report(
      problem(
        'bad-value',
        file.of(spec, other),
        `\`${other}\` says nothing with \`layout: ${spec.layout}\``,
        'remove it, or change the layout',
      ),
    );
  if (spec.layout === 'files') return { kind: 'files', files: spec.files ?? [] };
  return { kind: spec.layout, path: spec.path ?? '' };
}
