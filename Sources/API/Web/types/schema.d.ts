/** What plugins declare, for the reader of our modules. At run time nothing of it is taken on trust: core/schema.js reads it. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Field {
  id: string;
  label?: string;
  type?: string;
  default?: Json;
  help_text?: string;
  placeholder?: string;
  input_type?: 'password';
  required?: boolean;
  min?: number;
  max?: number;
  step?: number;
  options?: { value: string; label: string }[];
}

export interface Action {
  id: string;
  label?: string;
  description?: string;
  button_label?: string;
  running_label?: string;
  variant?: string;
  color?: string;
  size?: string;
  confirm?: boolean | { required?: boolean; title?: string; message?: string; confirmLabel?: string };
  params?: { [key: string]: Json };
  success_message?: string;
  error_message?: string;
}

export interface DataSource {
  type?: 'action' | 'resource' | 'static' | 'url';
  action?: string;
  resource?: string;
  params?: { [key: string]: Json };
  refresh?: { interval?: number; lazy?: boolean };
  allowDisabled?: boolean;
  default?: Json;
  extract?: string;
  pick?: string[];
  subscribe?: Subscription;
}

export interface Subscription {
  event?: string;
  filter?: { [path: string]: Json };
  mode?: 'refresh' | 'append' | 'patch';
  path?: string;
  limit?: number;
  prepend?: boolean;
}

/** A component of the page: `type` picks who draws it, the rest is its own. */
export interface Node {
  type: string;
  source?: string;
  dataSource?: string | DataSource;
  children?: Node[];
  [key: string]: unknown;
}

export interface Page {
  id: string;
  label?: string;
  icon?: string;
  placement?: 'plugin' | 'sidebar' | 'hidden';
  route?: string;
  requiresSetting?: string;
  layout: Node;
}

export interface Plugin {
  key: string;
  name: string;
  version: string;
  description: string;
  author?: string;
  help_url?: string;
  logo_url?: string | null;
  enabled: boolean;
  ever_enabled: boolean;
  missing: boolean;
  legacy: boolean;
  loaded: boolean;
  load_error?: string | null;
  fields: Field[];
  settings: { [key: string]: Json };
  actions: Action[];
  ui_schema?: {
    version: number;
    dataSources?: { [id: string]: DataSource };
    layout?: Node;
    preview?: Node;
    pages?: Page[];
  } | null;
}
