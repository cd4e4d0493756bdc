/**
 * The one file that knows the component library. Every component is a function `Name(props, ...children)`.
 *
 * The library's parts were made for Dash: they report a value through `setProps` after every effect, changed or not.
 * `control` turns that into one `onChange` per change; without its comparison some of them loop for ever.
 */
const { React, ReactDOM, dash_mantine_components: mantine } = globalThis;

export const {
  createElement: h,
  useState,
  useEffect,
  useMemo,
  useRef,
  useContext,
  useCallback,
  createContext,
  memo,
  Component,
  Fragment,
  useId,
  useSyncExternalStore,
  lazy,
  Suspense,
} = React;

/** @param {any} element @param {Element} node */
export const mount = (element, node) => ReactDOM.createRoot(node).render(element);

const ignore = () => {};
/** @param {unknown} a @param {unknown} b */
const same = (a, b) =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));

/** A component that only shows things. @param {string} name @returns {(props?: any, ...children: any[]) => any} */
const show = (name) => (props, ...children) => h(mantine[name], { setProps: ignore, ...props }, ...children);

/** A component that owns a value and reports it. @param {string} name @param {string} [key] @returns {(props?: any, ...children: any[]) => any} */
function control(name, key = 'value') {
  const Control = (/** @type {any} */ { onChange = ignore, children, ...props }) =>
    h(mantine[name], {
      ...props,
      setProps: (/** @type {any} */ patch) =>
        void (key in patch && !same(patch[key], props[key]) && onChange(patch[key])),
    }, children);
  Control.displayName = name;
  return (props, ...children) => h(Control, props, ...children);
}

export const Provider = show('MantineProvider');
export const NotificationContainer = show('NotificationContainer');

export const Alert = show('Alert');
export const Button = show('Button');
export const ActionIcon = show('ActionIcon');
export const Badge = show('Badge');
export const Card = show('Card');
export const Group = show('Group');
export const Stack = show('Stack');
export const SimpleGrid = show('SimpleGrid');
export const Grid = show('Grid');
export const GridCol = show('GridCol');
export const Paper = show('Paper');
export const Divider = show('Divider');
export const Loader = show('Loader');
export const Skeleton = show('Skeleton');
export const RingProgress = show('RingProgress');
export const Tooltip = show('Tooltip');
export const Progress = show('Progress');
export const Title = show('Title');
export const Text = show('Text');

/** While it fades out it takes no clicks: they are meant for the page, which shows already what was answered.
 *  @param {string} name @returns {(props?: any, ...children: any[]) => any} */
function above(name) {
  const Above = control(name, 'opened');
  return (props, ...children) => Above({ ...props, className: props?.opened ? undefined : 'closing' }, ...children);
}
export const Modal = above('Modal');
export const Drawer = above('Drawer');
export const Tabs = control('Tabs');
export const TabsList = show('TabsList');
export const TabsTab = show('TabsTab');
export const TabsPanel = show('TabsPanel');

export const TextInput = control('TextInput');
export const PasswordInput = control('PasswordInput');
export const Textarea = control('Textarea');
export const NumberInput = control('NumberInput');
export const Select = control('Select');
export const Autocomplete = control('Autocomplete');
export const MultiSelect = control('MultiSelect');
export const TagsInput = control('TagsInput');
export const JsonInput = control('JsonInput');
export const Slider = control('Slider');
export const RangeSlider = control('RangeSlider');
export const RadioGroup = control('RadioGroup');
export const Radio = show('Radio');
export const ChipGroup = control('ChipGroup');
export const Chip = show('Chip');
export const DateInput = control('DateInput');
export const DateTimePicker = control('DateTimePicker');
export const DatePickerInput = control('DatePickerInput');
export const TimePicker = control('TimePicker');
export const ColorInput = control('ColorInput');
export const Switch = control('Switch', 'checked');
export const Checkbox = control('Checkbox', 'checked');
export const SegmentedControl = control('SegmentedControl');

export const LineChart = show('LineChart');
export const AreaChart = show('AreaChart');
export const BarChart = show('BarChart');
export const CompositeChart = show('CompositeChart');
export const ScatterChart = show('ScatterChart');
export const PieChart = show('PieChart');
export const DonutChart = show('DonutChart');
export const RadarChart = show('RadarChart');
export const Sparkline = show('Sparkline');

/** There once NotificationContainer is mounted. @returns {{show: (options: any) => void, update: (options: any) => void, hide: (id: string) => void}} */
export const notifications = () => mantine.appNotifications.api;

/** A button for work that takes a while: it keeps its colour and the focus, and says what it is doing.
 *  @param {any} props @param {any[]} children */
export const RunButton = ({ running, runningLabel = 'Running…', leftSection, ...props }, ...children) =>
  running
    ? Button(
      { ...props, leftSection: h('span', { className: 'spinner' }), onClick: undefined, 'aria-busy': true },
      runningLabel,
    )
    : Button({ ...props, leftSection }, ...children);
