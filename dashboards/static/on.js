/* Before the page is painted: scripts run, so controls and charts get their space, and nothing jumps later. */
document.documentElement.classList.add("js");
