// JSON Schemas of the configuration files, for editors: made from the very schemas that read them.
import { z } from 'zod';
import { pipelineSpec } from './spec-pipeline.js';
import { featuresSpec, fixedCostsSpec, rulesSpec } from './spec-registry.js';

const SCHEMAS = {
  'pipeline.schema.json': { schema: pipelineSpec, title: 'showback pipeline' },
  'features.schema.json': { schema: featuresSpec, title: 'showback features' },
  'fixed-costs.schema.json': { schema: fixedCostsSpec, title: 'showback fixed costs' },
  'rules.schema.json': { schema: rulesSpec, title: 'showback allocation rules' },
} as const;

/** By file name below `pipelines/`. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([file, { schema, title }]) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
      return [file, { $schema, title, ...rest }];
    }),
  );
}

/** The bytes of a schema file. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
