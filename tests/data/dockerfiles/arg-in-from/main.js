console.log("report for", new Date().toISOString());
