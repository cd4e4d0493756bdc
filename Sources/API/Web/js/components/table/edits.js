/** Cells that were changed and are being saved. */
import { text } from '../../core/format.js';
import { isObject } from '../../core/path.js';
import { usePageAction } from '../../render/run.js';
import { useResolver, useRuntime } from '../../render/runtime.js';
import { useEvent } from '../../ui/hooks.js';
import { useEffect, useState } from '../../ui/kit.js';
import { prepared } from '../actions/button.js';

/** Edits that are on their way: shown at once, taken back when they fail, dropped when the rows come anew. @param {any} node @param {any} source @param {any[]} rows */
export function useEdits(node, source, rows) {
  const runtime = useRuntime();
  const resolve = useResolver();
  const [, , run] = usePageAction();
  const [edits, setEdits] = useState(/** @type {Record<string, any>} */ ({}));
  useEffect(() => setEdits({}), [rows]);
  const save = useEvent(
    async (/** @type {string} */ id, /** @type {any} */ row, /** @type {any} */ column, /** @type {any} */ value) => {
      const field = text(column.accessor ?? column.path ?? column.id);
      setEdits((/** @type {any} */ now) => ({ ...now, [id]: { ...now[id], [column.id]: value } }));
      const given = node.onEditAction ?? node.on_edit_action;
      const own = isObject(given) ? given : { id: text(given), label: `Change ${column.label}` };
      const params = {
        rowId: row?.id ?? id,
        field,
        value,
        row: { ...row, [field]: value },
        ...resolve(own.params ?? {}, { row, value }),
      };
      const done = await run({ action: prepared({ ...own, params: undefined }, runtime, resolve), params });
      if (!done || done.failed) setEdits(({ [id]: _, ...rest }) => rest);
      else source.refresh();
    },
  );
  return { edits, save: (node.onEditAction ?? node.on_edit_action) && runtime.plugin.enabled ? save : undefined };
}
