console.log("legacy");
