/** Every family of components, imported for what it registers. */
import './layout/layout.js';
import './content/content.js';
import './data/stat.js';
import './table/table.js';
import './charts/line.js';
import './realtime/logstream.js';
import './actions/button.js';
import './actions/form.js';
