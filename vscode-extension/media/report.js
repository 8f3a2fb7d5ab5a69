// In the report's panel: a click on a place opens it in the editor, and a frame that is chosen limits the editor's figures.
(() => {
  const editor = acquireVsCodeApi();
  const ADDRESS = /^#file(\d+)-line(\d+)$/;
  document.addEventListener(
    'click',
    (event) => {
      const link = event.target.closest('a[href^="#file"]');
      const found = link && ADDRESS.exec(link.getAttribute('href'));
      if (!found) return;
      event.preventDefault();
      event.stopPropagation();
      editor.postMessage({ type: 'open', path: files[Number(found[1])].path, line: Number(found[2]) - 1 });
    },
    true,
  );
  document.addEventListener('perilune:frame', ({ detail: frames }) => editor.postMessage({ type: 'frame', frames }));
})();
