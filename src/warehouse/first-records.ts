// The first records of a log as a source would have them: for those who want to know what a map makes of it.
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { openCsv, strictLines } from './load-csv.js';
import { everyRecord } from './load-json.js';
import { formatOf } from './load-usage.js';
import { spanTexts } from './otlp.js';
import { slowSelect } from './usage-sql.js';
import { columnsIn, csvTexts, NOTHING, parquetTexts, type TableTexts, textsOf } from './usage-tables.js';
import { fieldTexts, idPaths, readPaths, textPlaces } from './usage-texts.js';
import type { Warehouse } from './warehouse.js';

/** A SELECT of rows of the lake with all fields that a log may carry; a record that a load would refuse has its reason. No more is read than `count` records. */
export async function firstRecords(engine: Warehouse, file: LandedFile, config: UsageSource, count: number): Promise<string> {
  if (config.format === 'otlp') {
    const { sql, fields } = await spanTexts(engine, file, config, count);
    return slowSelect({ sourceId: config.id, sql, fields, kept: fields, tokens: config.tokens });
  }
  const { places, text } = await textsIn(engine, file, config);
  const { sql, fields } = fieldTexts(`SELECT * FROM (${text}) LIMIT ${count}`, places, config);
  return slowSelect({ sourceId: config.id, sql, fields, kept: fields, tokens: config.tokens });
}

async function textsIn(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<TableTexts> {
  switch (formatOf(file.name, config)) {
    case 'jsonl':
      return {
        places: textPlaces(config),
        text: everyRecord([file], textPlaces(config), { read: readPaths(config), ids: idPaths(config) }),
      };
    case 'csv':
      return csvRecords(engine, file, config);
    case 'parquet':
      return parquetTexts(engine, file, config);
  }
}

async function csvRecords(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<TableTexts> {
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return { places: new Map(), text: textsOf(file, NOTHING, []) };
  const places = columnsIn(csv.header, file, config);
  return { places, text: csvTexts(file, csv.header, places, strictLines(csv)) };
}
