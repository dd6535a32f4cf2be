// The form "Create Notebook Job" of jupyter-scheduler, filled in with the parameters that a report declares.
//
// It stands in place of the form's empty "Additional options": when a report's form opens, its parameters are put
// into the rows that the form has for them, and what each means is listed. The server says what they are with the
// environments it offers (handover.lab.environment). Written as JupyterLab loads it, so that nothing is built.
(() => {
  let scope;

  async function shared(name) {
    const versions = Object.values(scope[name]);
    return (await versions[versions.length - 1].get())();
  }

  async function extension() {
    const [React, scheduler, { ServerConnection }, { URLExt }] = await Promise.all(
      ["react", "@jupyterlab/scheduler", "@jupyterlab/services", "@jupyterlab/coreutils"].map(shared)
    );
    const element = React.createElement;
    const replaced = scheduler.default.find(plugin => plugin.id === "@jupyterlab/scheduler:IAdvancedOptions");

    async function declared(notebook) {
      const settings = ServerConnection.makeSettings();
      const address = URLExt.join(settings.baseUrl, "scheduler", "runtime_environments");
      const response = await ServerConnection.makeRequest(address, {}, settings);
      const [environment] = await response.json();
      return JSON.parse((environment.metadata || {})[notebook] || "[]");
    }

    function Offer({ jobsView, model, handleModelChange }) {
      const [parameters, setParameters] = React.useState([]);
      const latest = React.useRef(model);
      latest.current = model;
      // the form overwrites what is put in before it has chosen an environment
      const ready = jobsView === scheduler.JobsView.CreateForm && model.environment ? model.inputFile : "";
      React.useEffect(() => {
        let open = Boolean(ready);
        if (open) {
          declared(ready).then(found => {
            if (!open) return;
            setParameters(found);
            const rows = latest.current.parameters || [];
            const named = new Set(rows.map(row => row.name));
            const added = found.filter(one => one.value !== "" && !named.has(one.name));
            if (added.length) {
              const more = added.map(({ name, value }) => ({ name, value }));
              handleModelChange({ ...latest.current, parameters: [...rows, ...more] });
            }
          }, console.error);
        }
        return () => {
          open = false;
        };
      }, [ready]);
      const lines = parameters.map(one =>
        element("li", { key: one.name }, element("code", null, one.name), `: ${one.meaning}`)
      );
      return element("ul", { "aria-label": "Parameters of this report" }, lines);
    }

    return {
      id: "handover-lab:parameters",
      autoStart: true,
      provides: replaced.provides,
      activate: () => {
        // a message has lines; the form would run them together
        const style = document.createElement("style");
        style.textContent = "#notebook-jobs-panel .MuiAlert-message { white-space: pre-wrap; }";
        document.head.append(style);
        return Offer;
      },
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["handover-lab"] = {
    init: given => {
      scope = given;
    },
    get: async () => {
      const plugin = await extension();
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
