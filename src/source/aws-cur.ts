// Cost and Usage Reports of AWS: plain files, CUR 2.0 as Data Exports delivers it, or the legacy report. The engine reads what is in them.
import type { AwsCurSource } from '../pipeline/pipeline.js';
import { landAwsExport } from './aws-export.js';
import { landLegacyCur } from './aws-cur-legacy.js';
import { landPlainFiles } from './plain-files.js';
import type { Landing, LandRequest } from './source.js';

export async function land(request: LandRequest<AwsCurSource>): Promise<Landing> {
  return { files: await filesOf(request), controls: [] };
}

async function filesOf(request: LandRequest<AwsCurSource>): Promise<Landing['files']> {
  const { layout } = request.config;
  switch (layout.kind) {
    case 'files':
      return landPlainFiles(request, layout.files);
    case 'aws-export':
      return landAwsExport(request, layout.path);
    case 'aws-cur-legacy':
      return landLegacyCur(request, layout.path);
    default:
      return layout satisfies never;
  }
}
