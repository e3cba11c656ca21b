// The page is complete without this. With it the misses can be narrowed down.
"use strict";

const form = document.querySelector("form.choices");

if (form) {
  const { slice, cause } = form.elements;
  const misses = [...document.querySelectorAll("details.miss")];
  const [openAll] = form.getElementsByTagName("button");

  const choose = () => {
    for (const miss of misses) {
      miss.hidden = !(
        (!slice.value || JSON.parse(miss.dataset.slices).includes(slice.value)) &&
        (!cause.value || miss.dataset.cause === cause.value)
      );
    }
    const shown = misses.filter((miss) => !miss.hidden).length;
    form.querySelector("output").value = `${shown} of ${misses.length} shown`;
  };

  // A link to a miss opens it, also when the choice had hidden it.
  const open = () => {
    const miss = misses.find((each) => `#${each.id}` === location.hash);
    if (!miss) return;
    if (miss.hidden) {
      slice.value = cause.value = "";
      choose();
    }
    miss.open = true;
    miss.scrollIntoView();
  };

  form.addEventListener("change", choose);
  form.addEventListener("reset", () => setTimeout(choose));
  openAll.addEventListener("click", () => {
    for (const miss of misses) if (!miss.hidden) miss.open = true;
  });
  for (const link of document.querySelectorAll("a[data-slice], a[data-cause]")) {
    link.addEventListener("click", () => {
      slice.value = link.dataset.slice ?? "";
      cause.value = link.dataset.cause ?? "";
      choose();
    });
  }
  addEventListener("hashchange", open);

  form.hidden = false;
  choose();
  open();
}
