// What JupyterLab loads of ours; written as it loads it, so that nothing is built.
//
// The form "Create Notebook Job" of jupyter-scheduler, filled in with the parameters that a report declares: in place
// of the form's empty "Additional options", when a report's form opens, its parameters are put into the rows that the
// form has for them, and what each means is listed. The server says what they are with the environments it offers
// (handover.lab.scheduler).
//
// The typefaces of charts: their labels were measured in them, and would run into each other in any that is wider.
(() => {
  let scope;

  async function shared(name) {
    const versions = Object.values(scope[name]);
    return (await versions[versions.length - 1].get())();
  }

  const FACES = [["IBM Plex Sans Condensed", "IBMPlexSansCondensed"], ["IBM Plex Sans Arabic", "IBMPlexSansArabic"]];

  function faces({ PageConfig, URLExt }) {
    for (const [family, file] of FACES) {
      for (const [weight, style] of [["400", "Regular"], ["700", "Bold"]]) {
        // fetched where a text is set in it
        const address = URLExt.join(PageConfig.getBaseUrl(), "static", `${file}-${style}.ttf`);
        document.fonts.add(new FontFace(family, `url("${address}")`, { weight }));
      }
    }
  }

  async function extension() {
    const [React, scheduler, { ServerConnection }, { PageConfig, URLExt }] = await Promise.all(
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

    const typefaces = {
      id: "handover-lab:typefaces",
      autoStart: true,
      activate: () => faces({ PageConfig, URLExt }),
    };
    const parameters = {
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
    return [typefaces, parameters];
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["handover-lab"] = {
    init: given => {
      scope = given;
    },
    get: async () => {
      const plugins = await extension();
      return () => ({ __esModule: true, default: plugins });
    },
  };
})();
