/** A field whose options come from a data source: `optionsSource: "rows"` or `{source, path, valueKey, labelKey}`. */
import { get, isObject } from '../../core/path.js';
import { rowsOf } from '../../core/query.js';
import { optionsOf } from '../../core/schema.js';
import { useRuntime, useSource } from '../../render/runtime.js';
import { h, useMemo } from '../../ui/kit.js';
import { Field } from './field.js';

/** @param {any} props */
function Sourced({ field, ...rest }) {
  const given = isObject(field.optionsSource) ? field.optionsSource : { source: field.optionsSource };
  const node = useMemo(
    () => (given.source || given.dataSource ? given : { dataSource: { type: 'resource', ...given } }),
    [field.optionsSource],
  );
  const source = useSource(node);
  const { valueKey = 'value', labelKey = 'label', path } = given;
  const raw = useMemo(
    () =>
      rowsOf(path === undefined ? source.data : get(source.data, path)).map((row) =>
        isObject(row) ? { value: get(row, valueKey) ?? row.id, label: get(row, labelKey) ?? row.name } : row
      ),
    [source.data, valueKey, labelKey, path],
  );
  const options = useMemo(() => [...optionsOf(field.options_raw), ...optionsOf(raw)], [field.options_raw, raw]);
  const help = source.error
    ? `The choices could not be loaded: ${source.error.message}`
    : source.loading && !raw.length
    ? 'Loading the choices…'
    : field.help;
  return h(Field, { ...rest, field: { ...field, options, raw: [...(field.options_raw ?? []), ...raw], help } });
}

/** @param {any} props */
export function AnyField(props) {
  const runtime = useRuntime();
  return h(props.field.optionsSource !== undefined && runtime ? Sourced : Field, props);
}
